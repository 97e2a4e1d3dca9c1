//! Memory that forgets. All of the heap is wiped as it is freed ([`wiping`]).

pub mod wiping;
