/** The page of the house's own work. */
export const jobsPage = { jobs: 'Queues' };

export const jobsWords = {
  Jobs: {
    about: 'What the house does by itself: charging calls, counting figures, checking the books, sending mail.',
    board: 'Every job on the board',
    queues: 'Queues',
    dead: 'Dead jobs',
    deadAbout:
      'They failed every attempt, or could not succeed. Done again they get all their attempts; doing twice what is done changes nothing.',
    none: 'No job is dead.',
    failedAt: 'Given up',
    job: 'Job',
    error: 'Cause',
    attempts: 'Attempts',
    told: 'About',
    deed: 'Do',
    call: 'The call',
    replay: 'Do again',
    replayed: 'The job is in its queue again, and in the audit log.',
    deadNoMore: 'This job is dead no more: it was done again already.',
    jobNames: {
      'finalize-call': 'Charge a call',
      'sweep-calls': 'Charge what was missed',
      'check-payments': 'Ask after payments',
      'send-mail': 'Send mail',
      'erase-accounts': 'Erase what deleted accounts left',
      'roll-up-revenue': 'Add up the figures',
      'close-days': 'Close the days',
      'reconcile-ledger': 'Check the books',
      'erase-turn-texts': 'Erase old conversations',
      'delete-recordings': 'Delete old recordings',
    },
    figures: 'Figures',
    figuresAbout:
      'Counts all figures anew from the books. Needed only when they are wrong; until it is done, the old ones are shown. Closed days stay as they were closed.',
    rebuild: 'Count anew',
    rebuilding: 'Being counted. This may take minutes; the page may be left.',
    rebuilt: 'The figures are counted anew.',
    beingRebuilt: 'They are being counted anew already.',
  },
};
