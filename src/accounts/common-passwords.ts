/**
 * Passwords of ten characters and more that stand high in published lists of leaked ones. Shorter ones are refused
 * by their length. Compared in lower case.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  1234567890 0123456789 0987654321 9876543210 12345678910 123456789a a123456789 123456789q q123456789 1q2w3e4r5t
  1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc zaq12wsxcde3 qazwsxedcrfv qwertyuiop qwertyuiop123 qwerty123456 qwerty12345
  qwerty1234 qwerty123456789 asdfghjkl123 asdfghjkl1 zxcvbnm123 zxcvbnm1234 qwe123qwe123 qweasdzxc123 1qaz1qaz1qaz
  password12 password123 password1234 password12345 password123456 password01 passw0rd123 p@ssw0rd123 p@ssword123
  passwordpassword mypassword mypassword1 newpassword newpassword1 changeme123 letmein123 letmein1234 welcome123
  welcome1234 welcome12345 admin12345 admin123456 administrator adminadmin administrator1 iloveyou12 iloveyou123
  iloveyou1234 ilovemyself iloveyouforever sunshine123 princess123 football123 baseball123 basketball superman123
  batman12345 dragon12345 monkey12345 michael123 charlie123 jennifer123 liverpool123 manchester chelsea123 arsenal123
  1111111111 11111111111 111111111111 0000000000 2222222222 5555555555 7777777777 8888888888 9999999999 1212121212
  1234512345 1234567890a 1234567890q 12345qwert 12345qwerty 123qweasdzxc 123123123123 112233445566 147258369a 1472583690
  abc1234567 abcd123456 abcdefghij abcdefg123 abcdefghijk abc123456789 aa12345678 a1b2c3d4e5 aaaaaaaaaa qqqqqqqqqq
  йцукенгшщз йцукенгшщзх пароль1234 пароль12345 пароль123456 любовь1234 наташа1234 gfhjkm12345 ghbdtnrfrltkf marina1234
  `
    .trim()
    .split(/\s+/),
);
