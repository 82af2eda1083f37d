import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { CONTENT_POLICY } from '../host/contentPolicy.ts';
import type { JobHost } from '../jobs/job.ts';
import type { JobFailure } from '../jobs/jobFailure.ts';

/** Serves the built page to one browser, reads the job's files for it, and takes the tensors that it sends. */
export interface JobServer {
  origin: string;
  /** What a request for a file must carry: other programs of this machine can reach the port as well. */
  token: string;
  /** The tensors last sent, once. */
  takeTensors(): Uint8Array | undefined;
  close(): void;
}

/**
 * Starts the server on a free port of 127.0.0.1, with the headers that isolate a page (COOP, COEP) and its content security policy. It answers under that
 * address alone: a page of another name that leads here is refused.
 *
 * GET /host-file?path=… answers with the file's bytes, GET /host-find?path=… with what lies there, POST /host-tensors takes
 * bytes; all want the token.
 */
export async function serveJob(folder: string, host: Required<JobHost>): Promise<JobServer> {
  const token = randomBytes(24).toString('hex');
  const serveFile = sirv(folder, {
    setHeaders(response) {
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
      response.setHeader('content-security-policy', CONTENT_POLICY);
    },
  });
  let tensors: Uint8Array | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.host !== address()) {
      response.writeHead(421).end();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const wantsToken = ['/host-file', '/host-find', '/host-tensors'].includes(url.pathname);
    if (!wantsToken) {
      serveFile(request, response, () => {
        response.writeHead(404).end();
      });
    } else if (request.headers['x-basin-token'] !== token) {
      response.writeHead(403).end();
    } else if (url.pathname === '/host-file') {
      await sendFile(host, url.searchParams.get('path') ?? '', response);
    } else if (url.pathname === '/host-find') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(await host.find(url.searchParams.get('path') ?? '')));
    } else {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      tensors = new Uint8Array(Buffer.concat(parts));
      response.writeHead(204).end();
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error));
  });
  const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return {
    origin: `http://${address()}`,
    token,
    takeTensors() {
      const taken = tensors;
      tensors = undefined;
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A file that cannot be read is an answer like any other, not a failed request: the page throws the same error. */
async function sendFile(host: JobHost, path: string, response: ServerResponse): Promise<void> {
  try {
    const bytes = await host.read(path);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    response.end(bytes);
  } catch (error) {
    const { name, message } = error as Error;
    const failure: JobFailure = { name, message };
    response.writeHead(200, { 'content-type': 'application/json', 'x-basin-failure': '1' });
    response.end(JSON.stringify(failure));
  }
}
