import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processVariables, quietenSdk } from '../../src/env.js';

const NAME = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

beforeEach(() => {
  vi.stubEnv(NAME, undefined);
});
afterEach(() => vi.unstubAllEnvs());

test.each([
  ['20.3.0', 'true'],
  ['21.7.3', 'true'],
  ['22.0.0', undefined],
  ['24.11.1', undefined],
])("the AWS SDK's warning on Node %s is silenced: %s", (node, silenced) => {
  quietenSdk(node);
  expect(processVariables()[NAME]).toBe(silenced);
});
