package hub

import "time"

// commit is what the store answered to one Append.
type commit struct {
	message *Message
	dup     bool
	err     error
	from    *member // quiet: the member that does not want to see it
	done    func(Sent, error)
}

// send appends a message to the log; done is called after the commit, before the message is
// delivered to anybody. The caller holds the room; send gives that back.
func (r *Room) send(m *Message, from *member, done func(Sent, error)) {
	r.committedMu.Lock()
	r.underway++
	r.committedMu.Unlock()
	r.store.Append(m, func(m *Message, dup bool, err error) {
		r.commit(commit{message: m, dup: dup, err: err, from: from, done: done})
	})
}

func (r *Room) commit(c commit) {
	r.committedMu.Lock()
	r.underway--
	r.committed = append(r.committed, c)
	start := !r.publishing
	r.publishing = true
	r.committedMu.Unlock()
	if start && !r.hub.spawn(r.publish) {
		r.publish()
	}
}

// publish answers the senders of what was committed and delivers it, until nothing is left. What is
// committed meanwhile is taken together, so under load members get several messages at a time.
func (r *Room) publish() {
	for {
		r.committedMu.Lock()
		batch, more := r.committed, r.underway > 0
		r.committed = nil
		if len(batch) == 0 {
			r.publishing = false
			r.committedMu.Unlock()
			return
		}
		r.committedMu.Unlock()

		r.gather(r.answer(batch))
		if len(r.gathered) > 0 && !(more && r.patient()) {
			r.deliver(r.gathered)
			r.gathered = nil
		}
		r.hub.release(r, len(batch))
	}
}

func (r *Room) gather(fresh []*Message) {
	if len(r.gathered) == 0 {
		r.since = time.Now()
	}
	r.gathered = append(r.gathered, fresh...)
}

const (
	crowd    = 32                   // members from which on it pays to wait for the next commit
	patience = 2 * time.Millisecond // and for how long
)

// patient reports whether what is gathered should wait for the messages that are on their way to the
// disk: to a crowd, two deliveries cost much more than one. The next commit looks again.
func (r *Room) patient() bool {
	if time.Since(r.since) > patience {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.machine.members) >= crowd
}

// answer calls the senders back, and returns the messages that are new. What a sender was told is in the log for whoever asks then,
// though it is delivered only afterwards.
func (r *Room) answer(batch []commit) []*Message {
	r.promise(batch)
	fresh := make([]*Message, 0, len(batch))
	for _, c := range batch {
		if c.err != nil {
			c.done(Sent{}, r.hub.storeError(r.name, c.err))
			continue
		}
		if !c.dup {
			fresh = append(fresh, c.message)
			if c.from != nil {
				r.hush(c.from, c.message.Seq)
			}
		}
		c.done(Sent{Seq: c.message.Seq, At: c.message.At, Dup: c.dup}, nil)
	}
	return fresh
}

// promise has the room know how far the log has come.
func (r *Room) promise(batch []commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range batch {
		switch {
		case c.err != nil:
		case r.loaded:
			r.machine.log.promise(c.message.Seq)
		case !r.volatile: // whose log may be another one when it is loaded
			r.promised = max(r.promised, c.message.Seq)
		}
	}
}

func (r *Room) hush(m *member, seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.quiet == nil {
		m.quiet = make(map[uint64]struct{})
	}
	m.quiet[seq] = struct{}{}
}

// deliver gives new messages to the members, and tells of them.
func (r *Room) deliver(msgs []*Message) {
	r.push(msgs)
	for _, m := range msgs {
		r.hub.hooks.afterSend(m)
	}
	if !r.volatile { // those are each node's own
		r.hub.tell(Notice{Room: r.name, Head: msgs[len(msgs)-1].Seq})
	}
}

func (r *Room) push(msgs []*Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		if len(r.waiting) > 0 { // it is being loaded, and may have been read before these
			r.early = append(r.early, msgs...)
		}
		return
	}
	if r.volatile && msgs[0].Seq <= r.machine.log.head {
		if s := r.state(); s.Epoch != r.machine.log.epoch {
			r.machine.restart(s)
		}
	}
	r.read(r.machine.learn(msgs))
}
