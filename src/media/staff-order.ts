/** Who of the staff asks for something, from where and why: for the audit log. */
export interface StaffOrder {
  readonly actorId: string;
  readonly ip: string;
  readonly reason: string;
}
