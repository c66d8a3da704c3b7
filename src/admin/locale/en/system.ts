export const system = {
  system_rules: {
    properties: {
      id: 'Id',
      title: 'Title',
      text: 'Text',
      language: 'Language',
      level: 'Level',
      position: 'Place',
      enabled: 'Enabled',
      version: 'Version',
      updated_by: 'Changed by',
      updated_at: 'Changed',
    },
    labels: {
      'language.en': 'English',
      'language.ru': 'Russian',
      'level.beginner': 'Beginner',
      'level.intermediate': 'Intermediate',
      'level.advanced': 'Advanced',
    },
    actions: {
      list: 'System rules',
    },
    messages: {
      noRecordsInResource: 'The tutor follows no rules of its own.',
    },
  },
  settings: {
    properties: {
      key: 'Setting',
      value: 'Value',
      updated_by: 'Set by',
      updated_at: 'Set',
    },
    actions: {
      list: 'Settings',
    },
    messages: {
      noRecordsInResource: 'Every setting has its default.',
    },
  },
  nodes: {
    properties: {
      id: 'Node',
      url: 'Address',
      load: 'Calls',
      capacity: 'Capacity',
      fresh: 'Reports',
      draining: 'Draining',
      heartbeat_at: 'Last report',
      registered_at: 'Since',
      'drain.reason': 'Reason',
      'resume.reason': 'Reason',
    },
    actions: {
      list: 'Media nodes',
      drain: 'Drain',
      resume: 'Take calls again',
    },
    messages: {
      'drain.about': 'It gets no new calls; its live calls go on.',
      'resume.about': 'It gets calls again.',
      noRecordsInResource: 'No media node is registered: nobody can call.',
    },
  },
  audit: {
    properties: {
      id: 'Id',
      actor_id: 'Who',
      action: 'Did',
      subject_type: 'To what',
      subject_id: 'Which',
      details: 'Details',
      ip: 'From',
      created_at: 'Time',
    },
    actions: {
      list: 'Audit log',
    },
    messages: {
      noRecordsInResource: 'Nothing has been done yet.',
    },
  },
};
