import { waitUntil } from '../controlplane/wait-until.ts';
import type { MeasuredService } from './measured-service.ts';

/** The heap of a service that was started with `--inspect=127.0.0.1:0`, after garbage collection. Bytes. */
export async function liveHeapOf(service: MeasuredService): Promise<number> {
  const url = await waitUntil(
    'the address of the inspector',
    10_000,
    () => /ws:\/\/127\.0\.0\.1:\S+/.exec(service.output())?.[0],
  );
  const socket = new WebSocket(url);
  await event(socket, 'open');
  let serial = 0;
  const ask = async (method: string): Promise<Record<string, number>> => {
    serial += 1;
    const id = serial;
    socket.send(JSON.stringify({ id, method }));
    for (;;) {
      const { data } = (await event(socket, 'message')) as MessageEvent;
      const answer = JSON.parse(String(data));
      if (answer.id === id) return answer.result;
    }
  };
  // The second collection can free more after the first.
  await ask('HeapProfiler.collectGarbage');
  await ask('HeapProfiler.collectGarbage');
  const { usedSize = 0 } = await ask('Runtime.getHeapUsage');
  socket.close();
  return usedSize;
}

function event(socket: WebSocket, name: 'open' | 'message'): Promise<Event> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), {
      once: true,
    });
  });
}
