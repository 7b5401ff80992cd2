// Many messages, quicker than one by one.

package contract

import (
	"context"
	"fmt"

	"github.com/vechehq/veche/ws"
)

// batch is how many messages one request brings.
const batch = 100

// flood sends messages in arrays, and waits until they are stored.
func (v *visitor) flood(ctx context.Context, all []Object) error {
	for len(all) > 0 {
		n := min(batch, len(all))
		answers, err := v.postAll(ctx, all[:n])
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a["type"] != "ok" {
				return fmt.Errorf("a message was refused: %s", encode(a))
			}
		}
		all = all[n:]
	}
	return nil
}

// flood sends messages without waiting for each, and then for all.
func (s *socket) flood(ctx context.Context, all []Object) error {
	for len(all) > 0 {
		n := min(batch, len(all))
		begin := s.ears.count()
		for i, o := range all[:n] {
			o["id"] = fmt.Sprint("f", i)
			if err := s.conn.Write(ctx, ws.Text, encode(o)); err != nil {
				return err
			}
		}
		for i := range n {
			a, _, err := s.ears.find(ctx, begin, func(o Object) bool { return o["id"] == fmt.Sprint("f", i) })
			if err != nil {
				return err
			}
			if a["type"] != "ok" {
				return fmt.Errorf("a message was refused: %s", encode(a))
			}
		}
		all = all[n:]
	}
	return nil
}
