/**
 * True for a host, or an IPv6 address in brackets, with or without a port. The SDK takes no scheme, not even those of gRPC such as
 * `dns:///`.
 */
export const isHost = (text: string): boolean => /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(:\d{1,5})?$/i.test(text);

/** An address as an error shows it: what is before `@` may be a password. */
export const shownAddress = (text: string): string => `'${text.replace(/^.*@/, '…@')}'`;

/** What an address of Temporal must be, in words. */
export const EXPECTED_HOST = 'expected a host and a port without http://, such as 127.0.0.1:7233.';
