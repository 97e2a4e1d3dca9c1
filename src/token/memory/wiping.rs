//! The heap of this library: what is freed is wiped first. A token passes through more hands than tokenshim's own (the
//! HTTP client's, TLS', the JSON reader's), and each has buffers that grow and leave copies behind.

use core::alloc::{GlobalAlloc, Layout};

/// A heap, each block of which is zero when it goes back. A block that grows is copied to a new one: the default `realloc`
/// does so, and frees the old one here.
pub struct Wiping<Heap>(pub Heap);

// SAFETY: all of it is the heap's own allocator, which gets each block back as it gave it.
unsafe impl<Heap: GlobalAlloc> GlobalAlloc for Wiping<Heap> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promised.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size, and is used no more. The compiler may leave out a memset here, but not this.
        unsafe {
            libc::explicit_bzero(block.cast(), layout.size());
            self.0.dealloc(block, layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::sync::Mutex;

    /// A heap that looks at what comes back.
    struct Looking(Mutex<Vec<Vec<u8>>>);

    // SAFETY: the system's allocator, and a look at a block that is still there.
    unsafe impl GlobalAlloc for Looking {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as the caller promised.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: as the caller promised.
            unsafe {
                self.0.lock().expect("the list").push(core::slice::from_raw_parts(block, layout.size()).to_vec());
                System.dealloc(block, layout);
            }
        }
    }

    #[test]
    fn a_block_is_zero_when_it_goes_back_also_where_it_grows_or_shrinks() {
        let heap = Wiping(Looking(Mutex::new(Vec::new())));
        let layout = Layout::array::<u8>(100).expect("a layout");
        // SAFETY: each block is freed once, with its own size, and written to only within it.
        unsafe {
            let block = heap.alloc(layout);
            block.write_bytes(7, 100);
            let grown = heap.realloc(block, layout, 5000);
            assert_eq!(core::slice::from_raw_parts(grown, 100), [7; 100]);
            let shrunk = heap.realloc(grown, Layout::array::<u8>(5000).expect("a layout"), 10);
            assert_eq!(core::slice::from_raw_parts(shrunk, 10), [7; 10]);
            heap.dealloc(shrunk, Layout::array::<u8>(10).expect("a layout"));
        }
        assert_eq!(heap.0.0.into_inner().expect("the list"), [vec![0; 100], vec![0; 5000], vec![0; 10]]);
    }
}
