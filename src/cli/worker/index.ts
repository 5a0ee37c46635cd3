import { createLogger } from '../../log.js';
import { withApp, type ProjectOptions } from '../common/context.js';

/** Runs a worker until a signal ends it; its running activities may end first. */
export const work = (options: ProjectOptions): Promise<void> =>
  withApp(options, async (app) => {
    const log = createLogger(app.env.log);
    const { installRuntime, startWorker } = await import('../../worker.js');
    installRuntime(log);
    const worker = await startWorker({ app, log });
    const stop = (signal: string) => {
      log.info({ signal }, 'stopping: running activities may end first');
      void worker.stop();
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
    await worker.done;
    log.info('worker has stopped');
  });
