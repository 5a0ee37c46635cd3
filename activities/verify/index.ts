/** Compares what readers have with the ledger, as `daybook verify` does from the command line. */
export { verify } from '../../src/stage/verify.js';
