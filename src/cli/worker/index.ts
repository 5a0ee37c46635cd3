import { createLogger } from '../../log.js';
import { withApp, type ProjectOptions } from '../common/context.js';

/** Runs a worker until it gets a signal; running activities have time to finish. */
export const work = (options: ProjectOptions): Promise<void> =>
  withApp(options, async (app) => {
    const log = createLogger(app.env.log);
    const { installRuntime, startWorker } = await import('../../worker.js');
    installRuntime(log);
    const worker = await startWorker({ app, log });
    const stop = (signal: string) => {
      log.info({ signal }, 'stopping: waiting for running activities');
      void worker.stop();
    };
    process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop);
    await worker.done;
    log.info('worker has stopped');
  });
