import { z } from 'zod';
import { ADMINS, WITH_PERSONS } from '../roles.ts';
import { orderOf, type PanelServices } from '../services.ts';
import { defineAction, type PanelAction } from './action.ts';
import { reason, reasonField } from './reason.ts';

export function callActions({ desk }: Pick<PanelServices, 'desk'>): PanelAction[] {
  return [
    defineAction({
      name: 'endCall',
      icon: 'PhoneOff',
      roles: WITH_PERSONS,
      danger: true,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['status'] === 'placed' || record['status'] === 'live',
      async run({ by, id, input }) {
        await desk.end(id, { reason: input.reason, ...orderOf(by) });
        return 'callEnding';
      },
    }),
  ];
}

export function nodeActions({ nodes }: Pick<PanelServices, 'nodes'>): PanelAction[] {
  return [
    defineAction({
      name: 'drain',
      icon: 'LogOut',
      roles: ADMINS,
      danger: true,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['draining'] === false,
      async run({ by, id, input }) {
        await nodes.orderDraining(id, true, { reason: input.reason, ...orderOf(by) });
        return 'nodeDraining';
      },
    }),
    defineAction({
      name: 'resume',
      icon: 'LogIn',
      roles: ADMINS,
      fields: [reasonField],
      input: z.object({ reason }),
      possible: (record) => record['draining'] === true,
      async run({ by, id, input }) {
        await nodes.orderDraining(id, false, { reason: input.reason, ...orderOf(by) });
        return 'nodeResumed';
      },
    }),
  ];
}
