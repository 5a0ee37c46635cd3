/** @typedef {import('./where.js').Variables} Variables */

/** Variables for folders and for the network. */
const COMMON = [
  ...['HOME', 'PATH', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Further variables of each tool: its mirrors, caches and certificates. */
const OWN = {
  node: ['NODE_EXTRA_CA_CERTS'],
  go: [
    ...['GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOFLAGS', 'GOTOOLCHAIN'],
    ...['GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GONOPROXY', 'GOPRIVATE', 'GIT_SSL_CAINFO'],
  ],
  // The URL of an index may contain credentials, so only pip gets it.
  pip: [
    ...['PIP_CONFIG_FILE', 'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_FIND_LINKS', 'PIP_NO_INDEX', 'NETRC'],
    ...['PIP_PROXY', 'PIP_CERT', 'PIP_CLIENT_CERT', 'PIP_TRUSTED_HOST', 'PIP_CACHE_DIR', 'PIP_NO_CACHE_DIR'],
    ...['PIP_KEYRING_PROVIDER', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ],
};

/**
 * Picks the variables for a program that downloads something: none of them names a service of the user or holds its credentials.
 * @param {Variables} variables
 * @param {keyof typeof OWN} tool
 * @returns {Record<string, string>}
 */
export const toolEnvironment = (variables, tool) =>
  Object.fromEntries(
    [...COMMON, ...OWN[tool]].flatMap((name) => {
      const value = variables[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
