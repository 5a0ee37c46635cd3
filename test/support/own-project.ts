import { onTestFinished } from 'vitest';
import { projectFolder, type ProjectFiles } from './project.js';

/** Writes a project folder outside of the repository for the test that runs, after which it is removed. Answers its path. */
export async function ownProject(files: ProjectFiles): Promise<string> {
  const { dir, remove } = await projectFolder(files);
  onTestFinished(remove);
  return dir;
}
