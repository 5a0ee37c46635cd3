/** Compares what readers have with the ledger, as `daybook verify` does from the command line. */
export { verify, type Difference, type VerifyInput, type VerifyResult } from '../../src/stage/verify.js';
