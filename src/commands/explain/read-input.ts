import { ok, type Result } from '../../resources/result.ts';
import { listObjects, readFileDocuments, type ListedObject } from '../input/documents.ts';
import { showFilename } from '../input/read-text.ts';
import type { Io } from '../io.ts';
import type { CommandProblem } from '../command.ts';

/** One object of the input, and where it is there. */
export interface InputObject extends ListedObject {
  /** `deploy.yaml`, with the document's number if the file has several. */
  readonly source: string;
}

/** Every Kubernetes object of the files, in order; the items of Lists one by one. */
export async function readInput(
  filenames: readonly string[],
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly InputObject[], CommandProblem>> {
  const objects: InputObject[] = [];
  for (const filename of filenames) {
    const documents = await readFileDocuments(filename, io);
    if (!documents.ok) return documents;
    const shown = showFilename(filename);
    for (const [index, document] of documents.value.entries()) {
      const source = documents.value.length === 1 ? shown : `${shown}, document ${index + 1}`;
      for (const listed of listObjects(document)) objects.push({ ...listed, source });
    }
  }
  return ok(objects);
}
