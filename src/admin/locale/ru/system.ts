export const system = {
  nodes: {
    properties: {
      id: 'Узел',
      url: 'Адрес',
      load: 'Разговоры',
      capacity: 'Вместимость',
      fresh: 'На связи',
      draining: 'Выводится',
      heartbeat_at: 'Последний отчёт',
      registered_at: 'С',
      'drain.reason': 'Причина',
      'resume.reason': 'Причина',
    },
    actions: {
      list: 'Медиа-узлы',
      drain: 'Вывести',
      resume: 'Вернуть в работу',
    },
    messages: {
      'drain.about': 'Новых разговоров не будет; идущие продолжатся.',
      'resume.about': 'Снова получает разговоры.',
      noRecordsInResource: 'Нет ни одного медиа-узла: звонить нельзя.',
    },
  },
  audit: {
    properties: {
      id: 'Номер',
      actor_id: 'Кто',
      action: 'Что сделал',
      subject_type: 'С чем',
      subject_id: 'С каким',
      details: 'Подробности',
      ip: 'Откуда',
      created_at: 'Время',
    },
    actions: {
      list: 'Журнал действий',
    },
    messages: {
      noRecordsInResource: 'Пока ничего не сделано.',
    },
  },
};
