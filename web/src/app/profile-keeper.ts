import type { ApiClient } from '../api/client.ts';
import type { User } from '../api/types.ts';
import type { SessionKeeper } from './session.ts';

export type ProfileChanges = Parameters<ApiClient['updateMe']>[0];

/** Keeps what somebody changes about themselves: shown at once, and taken back when it could not be kept. Throws `ApiError`. */
export type KeepProfile = (changes: ProfileChanges) => Promise<void>;

interface Keeping {
  readonly userId: string;
  /** As the server had it last. */
  kept: User;
  /** Shown, and not answered yet; in the order of choosing. */
  unanswered: readonly ProfileChanges[];
  /** They are sent one after another: so the last choice is the one that stays. */
  sent: Promise<void>;
}

export function createProfileKeeper(
  api: Pick<ApiClient, 'updateMe'>,
  { session, setUser }: Pick<SessionKeeper, 'session' | 'setUser'>,
): KeepProfile {
  let keeping: Keeping | undefined;

  function readUser(): User | undefined {
    const now = session.read();
    return now.status === 'signed_in' ? now.user : undefined;
  }

  async function send(own: Keeping, changes: ProfileChanges): Promise<void> {
    // Whoever is signed in by now, it is not theirs.
    if (readUser()?.id !== own.userId) return;
    let settled: Partial<User> = {};
    try {
      own.kept = settled = await api.updateMe(changes);
    } catch (error) {
      settled = pick(own.kept, changes);
      throw error;
    } finally {
      own.unanswered = own.unanswered.filter((one) => one !== changes);
      const now = readUser();
      if (now?.id === own.userId) setUser(Object.assign({}, now, settled, ...own.unanswered));
    }
  }

  return (changes) => {
    const user = readUser();
    if (!user) return Promise.resolve();
    if (keeping?.userId !== user.id) {
      keeping = { userId: user.id, kept: user, unanswered: [], sent: Promise.resolve() };
    }
    const own = keeping;
    if (own.unanswered.length === 0) own.kept = user;
    own.unanswered = [...own.unanswered, changes];
    setUser({ ...user, ...changes });
    const answered = own.sent.then(() => send(own, changes));
    own.sent = answered.catch(() => undefined);
    return answered;
  };
}

function pick(user: User, { name, language, level }: ProfileChanges): Partial<User> {
  return {
    ...(name !== undefined && { name: user.name }),
    ...(language !== undefined && { language: user.language }),
    ...(level !== undefined && { level: user.level }),
  };
}
