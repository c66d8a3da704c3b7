import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The letter as it came, with its dots unstuffed. */
  readonly content: string;
}

export interface SmtpServer {
  readonly url: string;
  readonly received: readonly ReceivedMail[];
}

export interface SmtpServerOptions {
  /** What to answer to a command instead of the usual: `['RCPT', '550 5.1.1 no such user']`. */
  readonly answers?: ReadonlyMap<string, string>;
  /** Accepts connections and never says a word. */
  readonly mute?: boolean;
}

/** Speaks as much SMTP (RFC 5321) as one letter needs. Ends with its test. */
export async function startSmtpServer(
  t: Pick<TestContext, 'after'>,
  { answers = new Map<string, string>(), mute = false }: SmtpServerOptions = {},
): Promise<SmtpServer> {
  const received: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    if (!mute) converse(socket, answers, (mail) => received.push(mail));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port');
  return { url: `smtp://127.0.0.1:${address.port}`, received };
}

function converse(socket: Socket, answers: ReadonlyMap<string, string>, onMail: (mail: ReceivedMail) => void): void {
  let pending = '';
  let content: string[] | undefined;
  let from = '';
  let to: string[] = [];
  const say = (line: string): void => void socket.write(`${line}\r\n`);

  const usual = (verb: string, line: string): string => {
    if (verb === 'MAIL') {
      from = addressIn(line);
      to = [];
    }
    if (verb === 'RCPT') to.push(addressIn(line));
    if (verb === 'DATA') content = [];
    if (verb === 'DATA') return '354 go on';
    return verb === 'QUIT' ? '221 bye' : '250 ok';
  };
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    say(answers.get(verb) ?? usual(verb, line));
    if (verb === 'QUIT') socket.end();
  };

  say('220 test ESMTP');
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    pending += chunk;
    const lines = pending.split('\r\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (content === undefined) command(line);
      else if (line === '.') {
        onMail({ from, to, content: content.join('\r\n') });
        content = undefined;
        say(answers.get('END') ?? '250 taken');
      } else content.push(line.startsWith('.') ? line.slice(1) : line);
    }
  });
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
