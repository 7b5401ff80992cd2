package native

// Split takes apart what one request of HTTP brings: one object, or an array of them. It looks at no
// object closer; Decode does. ok is false for what is not JSON of either kind.
func Split(text []byte) (objects [][]byte, array, ok bool) {
	s := scanner{text: text}
	if s.peek() != '[' {
		return [][]byte{text}, false, true
	}
	s.pos++
	if s.take(']') {
		return nil, true, s.atEnd()
	}
	for {
		s.peek()
		value, ok := s.value()
		if !ok {
			return nil, true, false
		}
		objects = append(objects, value)
		if s.take(']') {
			return objects, true, s.atEnd()
		}
		if !s.take(',') {
			return nil, true, false
		}
	}
}

// AppendArray appends events as one JSON array.
func AppendArray(b []byte, objects [][]byte) []byte {
	b = append(b, '[')
	for i, o := range objects {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, o...)
	}
	return append(b, ']')
}
