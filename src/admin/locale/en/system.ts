export const system = {
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
