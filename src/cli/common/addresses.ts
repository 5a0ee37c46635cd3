import type { Variables } from '../../env.js';
import { final } from '../../errors.js';
import { EXPECTED_HOST, isHost, shownAddress } from '../../temporal/address.js';

/** The variables that hold URLs; ClickHouse's may hold several, separated by commas. */
const URLS = ['CLICKHOUSE_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'DAYBOOK_S3_ENGINE_ENDPOINT'] as const;

const isUrl = (text: string) => /^https?:\/\//i.test(text) && URL.canParse(text);

/**
 * Throws if a variable that is set holds no address: the clients of the services would say only that something is no URL.
 *
 * @throws a final BadConfig with all such variables, what they hold and what is expected
 */
export function assertAddresses(vars: Variables): void {
  const set = (name: (typeof URLS)[number]) => {
    if (name === 'CLICKHOUSE_URL') return (vars[name] ?? '').split(',');
    // That of all Amazon's services is not used beside that of S3.
    return name === 'AWS_ENDPOINT_URL' && (vars['AWS_ENDPOINT_URL_S3'] ?? '') !== '' ? [] : [vars[name] ?? ''];
  };
  const urls = URLS.flatMap((name) =>
    set(name)
      .map((one) => one.trim())
      .filter((one) => one !== '' && !isUrl(one))
      .map(
        (one) =>
          `${name}: found ${shownAddress(one)}, expected a URL with http:// or https://, such as http://127.0.0.1:${name === 'CLICKHOUSE_URL' ? 8123 : 9000}.`,
      ),
  );
  const temporal = vars['TEMPORAL_ADDRESS'] ?? '';
  const hosts =
    temporal === '' || isHost(temporal) ? [] : [`TEMPORAL_ADDRESS: found ${shownAddress(temporal)}, ${EXPECTED_HOST}`];
  const faults = [...urls, ...hosts];
  if (faults.length > 0) throw final('BadConfig', faults.join('\n'));
}
