package client

import "context"

// broadcast wakes whoever waits for a change of what the client's mu guards. Itself guarded by mu.
type broadcast struct {
	changed chan struct{} // nil while nobody waits
}

// tell wakes all that wait.
func (b *broadcast) tell() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// await waits until ready, which is called with mu held, says true or an error; mu is held, and held
// again when it returns.
func (c *Client) await(ctx context.Context, b *broadcast, ready func() (bool, error)) error {
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
