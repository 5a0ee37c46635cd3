import { processVariables } from '../env.js';

/** What a download or a Go build may know of the user's shell: where things are kept, and how the network is reached. */
const PASSED_ON = new Set([
  ...[
    'HOME',
    'PATH',
    'TMPDIR',
    'GOPATH',
    'GOPROXY',
    'GOCACHE',
    'GOMODCACHE',
    'GOFLAGS',
    'GOSUMDB',
    'GONOSUMDB',
    'GOTOOLCHAIN',
  ],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'GIT_SSL_CAINFO'],
]);

/** The variables for a program that fetches something; none of them names a service or holds its credentials. */
export const toolEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(processVariables()).flatMap(([name, value]) =>
      PASSED_ON.has(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
