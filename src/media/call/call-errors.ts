import { AppError } from '../../platform/errors.ts';

/** Why somebody is not let into a call. */

export function callEnded(): AppError {
  return new AppError({ code: 'call_ended', kind: 'conflict', message: 'The call has ended.' });
}

export function callNotFound(): AppError {
  return new AppError({ code: 'call_not_found', kind: 'not_found', message: 'There is no such call.' });
}

export function callOnOtherNode(): AppError {
  return new AppError({
    code: 'call_on_other_node',
    kind: 'conflict',
    message: 'This call has its place on another node.',
    retryable: true,
  });
}

export function nodeDraining(): AppError {
  return new AppError({
    code: 'node_draining',
    kind: 'unavailable',
    message: 'This node takes no new calls.',
    retryable: true,
  });
}
