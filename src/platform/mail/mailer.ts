/** One letter to one person. */
export interface Mail {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export interface SendOptions {
  /** The same at each attempt: it becomes the Message-ID, by which mailboxes know a letter that came twice. */
  readonly id: string;
}

/** Hands letters on to whoever delivers them. */
export interface Mailer {
  /**
   * Resolves when the letter is somebody else's to deliver. Ends within a minute.
   * @throws AppError `mail_refused`, which trying again will not change; `mail_unavailable`
   */
  send(mail: Mail, options: SendOptions): Promise<void>;
}
