export const money = {
  payments: {
    properties: {
      id: 'Id',
      user_account_id: 'User',
      status: 'Status',
      amount_rub: 'Asked for',
      captured_rub: 'Taken',
      credited_minutes: 'Credited',
      given_back_rub: 'Given back',
      reversed_minutes: 'Minutes taken back',
      provider: 'Provider',
      provider_payment_id: 'Provider’s id',
      reason: 'Error code',
      created_at: 'Created',
      paid_at: 'Paid',
      closed_at: 'Closed',
      'refund.amount': 'Amount, ₽ (empty: all that is left)',
      'refund.kind': 'Kind',
      'refund.reason': 'Reason',
    },
    labels: {
      'status.created': 'Created',
      'status.pending': 'Pending',
      'status.succeeded': 'Succeeded',
      'status.partially_refunded': 'Partly refunded',
      'status.refunded': 'Refunded',
      'status.canceled': 'Canceled',
      'status.expired': 'Expired',
      'status.failed': 'Failed',
      'status.mismatch': 'Needs a look',
      'kind.refund': 'Refund by the provider',
      'kind.chargeback': 'The bank has taken it already',
    },
    actions: {
      list: 'Payments',
      refund: 'Refund',
    },
    messages: {
      'refund.about':
        'The money goes back the way it came, and its minutes are taken back as far as they are there; the rest is owed.',
      noRecordsInResource: 'Nobody has paid yet.',
    },
  },
  packages: {
    properties: {
      id: 'Id',
      name: 'Name',
      min_amount_rub: 'From, ₽',
      discount_percent: 'Discount, %',
      is_active: 'Active',
      created_at: 'Created',
      updated_at: 'Changed',
    },
    actions: {
      list: 'Packages',
    },
    messages: {
      noRecordsInResource: 'There are no packages: everybody pays the base rate.',
    },
  },
  ledger: {
    properties: {
      id: 'Id',
      user_account_id: 'User',
      sequence: 'Row',
      type: 'Kind',
      minutes_delta: 'Minutes',
      balance_after: 'Balance after',
      reason: 'Reason',
      actor_id: 'By',
      reverses_id: 'Takes back',
      created_at: 'Time',
      'reverse.reason': 'Reason',
    },
    labels: {
      'type.deposit': 'Deposit',
      'type.trial': 'Trial',
      'type.gift': 'Gift',
      'type.usage': 'Call',
      'type.referral_reward': 'Invitation',
      'type.referral_welcome': 'Welcome',
      'type.reversal': 'Reversal',
      'type.adjustment': 'Adjustment',
    },
    actions: {
      list: 'Ledger',
      reverse: 'Reverse',
    },
    messages: {
      'reverse.about':
        'By another row: of minutes that were given, what is unspent; minutes that a call took come back as free ones.',
      noRecordsInResource: 'No minutes have been moved yet.',
    },
  },
  usage: {
    properties: {
      id: 'Id',
      user_account_id: 'User',
      call_id: 'Call',
      duration_sec: 'Talked',
      billed_minutes: 'Billed',
      billed_amount_rub: 'Amount',
      price_per_minute: 'Price of a minute',
      created_at: 'Ended',
    },
    actions: {
      list: 'Usage',
    },
    messages: {
      noRecordsInResource: 'No call has been charged yet.',
    },
  },
};
