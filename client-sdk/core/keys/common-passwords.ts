/**
 * The beginnings of the passwords that people choose first, and that guessing programs try first: a short list of
 * our own, by what keyboards, calendars and songs suggest. Letters and digits only, lower case. SPEC.md section 8.
 */

/** A password that is one of these and fewer than five further characters is refused. */
export const commonPasswords: readonly string[] = [
  'password', 'passwort', 'passw0rd', 'p4ssword', 'motdepasse', 'contrasena', 'senha', 'parola', 'wachtwoord', 'salasana',
  '123456', '1234567', '12345678', '123456789', '1234567890', '0987654321', '987654321', '111111', '000000', '123123',
  '112233', '121212', '123321', '654321', '666666', '696969', '777777', '888888', '555555', '101010',
  'qwerty', 'qwertz', 'azerty', 'qwertyuiop', 'qwertzuiop', 'asdfgh', 'asdfghjkl', 'zxcvbn', 'zxcvbnm', 'yxcvbnm',
  '1q2w3e4r', '1qaz2wsx', 'qazwsx', 'q1w2e3r4', 'abc123', 'abcd1234', 'abcdef', 'aaaaaa', 'a1b2c3', '1a2b3c',
  'admin', 'administrator', 'root', 'guest', 'login', 'welcome', 'willkommen', 'letmein', 'changeme', 'default',
  'secret', 'master', 'access', 'system', 'server', 'backup', 'test1234', 'testtest', 'temp1234', 'user',
  'iloveyou', 'loveyou', 'ichliebedich', 'teamo', 'jetaime', 'darling', 'sweetheart', 'princess', 'sunshine', 'summer',
  'winter', 'spring', 'autumn', 'football', 'fussball', 'baseball', 'basketball', 'soccer', 'hockey', 'dragon',
  'monkey', 'shadow', 'superman', 'batman', 'starwars', 'pokemon', 'michael', 'jordan', 'jennifer', 'charlie',
  'correcthorsebatterystaple', 'hunter2', 'trustno1', 'whatever', 'computer', 'internet', 'photo', 'camera', 'hospital', 'dicestore',
];
