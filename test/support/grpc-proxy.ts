import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * Decides about a call by its path, such as `/temporal.api.workflowservice.v1.WorkflowService/DescribeTaskQueue`: the server is asked, or
 * the client has no permission.
 */
export type GrpcRule = (path: string) => 'pass' | 'refuse';

/** `PERMISSION_DENIED` in gRPC. */
const DENIED = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-status': '7',
  'grpc-message': 'denied here',
};

/** Opens a proxy before a gRPC server; returns its address, as the client needs it. */
export async function openGrpcProxy(
  address: string,
  rule: GrpcRule,
): Promise<{ address: string; close(): Promise<void> }> {
  const upstream = connect(`http://${address}`);
  upstream.on('error', () => undefined);
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined).once('close', () => sessions.delete(session));
  });

  const forward = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => {
    const call = upstream.request(headers);
    let trailers: IncomingHttpHeaders = {};
    stream.once('close', () => {
      call.close();
    });
    stream.once('wantTrailers', () => {
      stream.sendTrailers(trailers);
    });
    call.on('error', () => {
      stream.close();
    });
    call.once('response', (found) => {
      if (!stream.closed) stream.respond(found, { waitForTrailers: true });
      call.pipe(stream);
    });
    call.once('trailers', (found: IncomingHttpHeaders) => {
      trailers = found;
    });
    call.end(body);
  };
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void (async () => {
      const body = await buffer(stream);
      if (stream.closed) return;
      if (rule(headers[':path'] ?? '') === 'refuse') stream.respond(DENIED, { endStream: true });
      else forward(stream, headers, body);
    })().catch(() => {
      stream.close();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
