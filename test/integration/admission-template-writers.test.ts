import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KEYS, type Json } from '../admission/pods.ts';
import { collectionPath, borrowAdmissionStage, type AdmissionStage } from './admission-stage.ts';
import type { Loose } from './objects.ts';
import { finishRollout, templateAnnotations, workload } from './workloads.ts';

const COPIED = 'tokens.osg-htc.org/copied';
const TOKEN = { [KEYS.token]: 'my-jwt' };

/** The annotations of a template that got these annotations from its workload, with its own ones. */
function copied(annotations: Json, own: Json = {}): Json {
  return { ...own, ...annotations, [COPIED]: JSON.stringify(annotations) };
}

describe(
  'the writers of the annotations of a pod template, on a real control plane',
  { concurrency: false },
  () => {
    let stage: AdmissionStage;
    before(async () => {
      stage = await borrowAdmissionStage();
      await stage.createNamespace('writers');
    });
    after(() => stage.stop());

    const get = async (name: string): Promise<Loose> =>
      (await stage.api.ask('GET', `${collectionPath('writers', 'Deployment')}/${name}`)).body;
    const annotate = async (name: string, annotations: Json): Promise<Loose> => {
      const answer = await stage.patch('writers', 'Deployment', name, { metadata: { annotations } });
      assert.equal(answer.status, 200, answer.body.message);
      return answer.body;
    };

    for (const how of [['apply'], ['apply', '--server-side', '--field-manager=gitops']]) {
      it(`kubectl ${how.join(' ')}: annotations that the file has on the template belong to the user from then on, also if they were copied before`, async () => {
        const name = `moved-${how.length}`;
        const apply = async (parts: Parameters<typeof workload>[1], warning = ''): Promise<Loose> => {
          const { code, stderr } = await stage.kubectl(
            'writers',
            [...how, '-f', '-'],
            workload('Deployment', { ...parts, name }),
          );
          assert.deepEqual([code, stderr], [0, warning]);
          return templateAnnotations(await get(name));
        };
        assert.deepEqual(await apply({ annotations: TOKEN }), copied(TOKEN));
        assert.deepEqual(await apply({ template: TOKEN }), TOKEN, 'moved to the template');
        assert.deepEqual(await apply({ annotations: TOKEN }), copied(TOKEN), 'and back');
        const pinned = { annotations: { [KEYS.token]: 'other' }, template: TOKEN };
        const warning = `Warning: ${KEYS.token} of the pod template: "my-jwt" wins over "other" of the Deployment\n`;
        assert.deepEqual(await apply(pinned, warning), TOKEN);
        assert.equal(await apply({}), undefined);
      });
    }

    it('a copy that is restored, by rollout undo or from a backup, is still a copy', async () => {
      await stage.create('writers', workload('Deployment', { name: 'returned', annotations: TOKEN }));
      await finishRollout(stage, 'writers', 'returned');
      await annotate('returned', { [KEYS.token]: 'other' });
      await finishRollout(stage, 'writers', 'returned');
      await stage.kubectl('writers', ['rollout', 'undo', 'deployment', 'returned']);
      const undone = await get('returned');
      assert.deepEqual(templateAnnotations(undone), copied(TOKEN));
      const { uid: _uid, resourceVersion: _version, managedFields: _fields, ...metadata } = undone.metadata;
      await stage.create('writers', { ...undone, metadata: { ...metadata, name: 'restored' } });
      for (const name of ['returned', 'restored']) {
        const changed = await annotate(name, { [KEYS.token]: 'third' });
        assert.deepEqual(templateAnnotations(changed), copied({ [KEYS.token]: 'third' }));
        assert.equal(templateAnnotations(await annotate(name, { [KEYS.token]: null })), undefined);
      }
    });
  },
);
