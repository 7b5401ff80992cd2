// History: walks through a room's log.

package client

import (
	"context"
	"iter"
	"slices"

	"github.com/vechehq/veche/wire/native"
)

// pageSize is how many messages a walk asks for at once.
const pageSize = native.DefaultHistory

// History walks back through the log: the messages below before, or the last ones if before is 0, the
// newest first. It asks for 50 at a time, as they are needed, and waits for the connection. An error
// ends the walk.
func (r *Room) History(ctx context.Context, before uint64) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for before != 1 {
			page, messages, err := r.page(ctx, native.History{Before: before})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range slices.Backward(messages) {
				if !yield(messageOf(m), nil) {
					return
				}
				before = m.Seq
			}
			if len(messages) == 0 || before <= page.First {
				return
			}
		}
	}
}

// HistoryAfter walks forward through the log: the messages above after, the oldest first, up to its end
// as it is then.
func (r *Room) HistoryAfter(ctx context.Context, after uint64) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			page, messages, err := r.page(ctx, native.History{After: after, Forward: true})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range messages {
				if !yield(messageOf(m), nil) {
					return
				}
				after = m.Seq
			}
			if len(messages) == 0 || after >= page.Head {
				return
			}
		}
	}
}

func (r *Room) page(ctx context.Context, h native.History) (*native.HistoryOK, []*native.Message, error) {
	h.Room, h.Limit = r.name, pageSize
	online := func() (bool, error) { return r.live, r.over }
	e, err := r.client.ask(ctx, online, func(id native.ID) native.Request {
		h.ID = id
		return &h
	})
	if err != nil {
		return nil, nil, err
	}
	page, _ := e.(*native.HistoryOK)
	if page == nil {
		return nil, nil, errOdd
	}
	return page, messagesOf(page), nil
}

func messagesOf(page *native.HistoryOK) []*native.Message {
	var messages []*native.Message
	for _, text := range page.Messages {
		e, err := native.DecodeEvent(text)
		if m, ok := e.(*native.Message); ok && err == nil {
			messages = append(messages, m)
		}
	}
	return messages
}
