// A bot that has missed nothing since its last run, and answers once, however often it is restarted.
import { connect, VecheError, type Message } from '@veche/client'

interface Saved {
  seq: number
  epoch: string | undefined
}

export function bot(url: string, token: () => Promise<string>, saved: Saved, save: (saved: Saved) => void): () => void {
  const veche = connect(url, { token, log: (event, detail) => console.debug(event, detail) })
  const orders = veche.room('orders', { since: saved.seq, epoch: saved.epoch })

  orders.on('message', async ({ seq, kind, body }: Message) => {
    if (kind !== 'order') return save({ seq, epoch: orders.epoch })
    try {
      await orders.send({ taken: body as never }, { kind: 'answer', cid: `answer-${seq}` })
      save({ seq, epoch: orders.epoch })
    } catch (error) {
      if (error instanceof VecheError && !error.retry) console.error(error.code)
    }
  })
  orders.on('gap', ({ from, to, why }) => console.error(`nobody will ever know ${from}–${to}: ${why}`))
  return () => veche.close()
}
