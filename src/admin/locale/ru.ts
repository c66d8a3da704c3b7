import { adminjsRu } from './adminjs-ru.ts';

/** As en.ts, in Russian; a test compares their keys. */
export const ownRu = {
  buttons: { logoutEverywhere: 'Выйти на всех устройствах', run: 'Выполнить', back: 'Назад' },
  components: {
    LanguageSelector: { availableLanguages: { en: 'English', ru: 'Русский' } },
    Login: {
      welcomeHeader: 'Панель управления',
      welcomeMessage: 'Для сотрудников AIlingva: учётные записи, минуты, разговоры и доход.',
      properties: { email: 'Эл. почта', password: 'Пароль' },
      loginButton: 'Войти',
    },
  },
  labels: {
    people: 'Люди',
    money: 'Деньги',
    talks: 'Разговоры',
    system: 'Система',
    users: 'Пользователи',
  },
  messages: {
    credentials_invalid: 'Неверная почта или пароль.',
    account_blocked: 'Эта учётная запись заблокирована.',
    not_staff: 'У этой учётной записи нет доступа к панели.',
    too_many_logins: 'Слишком много попыток. Подождите четверть часа.',
    sign_in_busy: 'Сейчас много входов. Попробуйте ещё раз через минуту.',
    fieldInvalid: 'Такое значение не подходит.',
    fieldRequired: 'Это нужно заполнить.',
    fieldTaken: 'Такое уже есть.',
    fieldReferenced: 'От этого зависит что-то ещё.',
    fieldRefused: 'База данных не принимает это значение.',
    edit_conflict: 'Кто-то уже изменил эту запись. Обновите страницу, чтобы увидеть, какая она теперь.',
    formKeyMissing: 'Форма потеряла свой ключ. Обновите страницу.',
    actionRefused: 'Это не сделано.',
    welcome: 'Выберите раздел слева.',
  },
  resources: {
    users: {
      properties: {
        id: 'Номер',
        email: 'Эл. почта',
        name: 'Имя',
        role: 'Роль',
        language: 'Учит',
        level: 'Уровень',
        minutes_balance: 'Минуты',
        minutes_held: 'Отложено на разговоры',
        confirmed_at: 'Почта подтверждена',
        blocked: 'Заблокирован',
        blocked_at: 'Заблокирован с',
        created_at: 'Регистрация',
      },
      labels: {
        'role.student': 'Ученик',
        'role.support': 'Поддержка',
        'role.analyst': 'Аналитик',
        'role.admin': 'Администратор',
        'language.en': 'Английский',
        'language.ru': 'Русский',
        'level.beginner': 'Начальный',
        'level.intermediate': 'Средний',
        'level.advanced': 'Продвинутый',
      },
    },
  },
};

export const ru = {
  ...adminjsRu,
  ...ownRu,
  buttons: { ...adminjsRu.buttons, ...ownRu.buttons },
  components: { ...adminjsRu.components, ...ownRu.components },
  labels: { ...adminjsRu.labels, ...ownRu.labels },
  messages: { ...adminjsRu.messages, ...ownRu.messages },
};
