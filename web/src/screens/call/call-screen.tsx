import { useEffect } from 'react';
import { useServices, useStore } from '../../app/services.ts';
import type { User } from '../../api/types.ts';
import { CallProblemScreen } from './call-problem-screen.tsx';
import { LiveCallScreen } from './live-call-screen.tsx';
import { ReadyScreen } from './ready-screen.tsx';
import { StartingScreen } from './starting-screen.tsx';
import { SummaryScreen } from './summary-screen.tsx';

/** The call from before to after: which of its screens stands now. */
export function CallScreen({ user }: { readonly user: User }) {
  const { call } = useServices();
  const state = useStore(call.state);

  useEffect(() => {
    // Entering again cannot wait; fetching ahead can.
    if (call.resumeSaved()) return undefined;
    const timer = setTimeout(() => call.warmUp(), 300);
    return () => clearTimeout(timer);
  }, [call]);

  switch (state.status) {
    case 'idle':
      return <ReadyScreen user={user} />;
    case 'starting':
      return <StartingScreen starting={state} />;
    case 'live':
      return <LiveCallScreen live={state} language={user.language} />;
    case 'over':
      return <SummaryScreen over={state} user={user} />;
    default:
      return <CallProblemScreen problem={state.problem} callId={state.callId} user={user} />;
  }
}
