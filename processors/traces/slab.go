package traces

// slab holds values that come and go, in pages that are never moved, so that
// growing copies nothing. Places are given again in a fixed order.
type slab[T any] struct {
	pages []*[slabPage]T
	free  []uint32
}

const slabPage = 1 << 10

// take gives a place that is all zero.
func (s *slab[T]) take() uint32 {
	if len(s.free) == 0 {
		first := uint32(len(s.pages)) * slabPage
		s.pages = append(s.pages, new([slabPage]T))
		for i := uint32(slabPage); i > 0; i-- {
			s.free = append(s.free, first+i-1)
		}
	}
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return i
}

func (s *slab[T]) at(i uint32) *T { return &s.pages[i/slabPage][i%slabPage] }

func (s *slab[T]) put(i uint32) {
	var zero T
	*s.at(i) = zero
	s.free = append(s.free, i)
}

// used is how many places are taken.
func (s *slab[T]) used() int { return len(s.pages)*slabPage - len(s.free) }
