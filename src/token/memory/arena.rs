//! Where hidden memory comes from: regions of the system's, cut into blocks of powers of two. A region stays for as long as
//! the process; its blocks are used again and again, so that the usual secret costs no call of the system.

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use std::alloc::{Layout, handle_alloc_error};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The smallest block; each begins at a multiple of it.
const SMALLEST: usize = 64;
/// The usual region; a larger block has one of its own.
const REGION: usize = 64 * 1024;

/// The one arena of this process.
static ARENA: Mutex<Arena> = Mutex::new(Arena { free: [None; usize::BITS as usize], next: ptr::null_mut(), left: 0 });

pub(super) fn arena() -> MutexGuard<'static, Arena> {
    ARENA.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Blocks that are free: zero, but for the address of the next one.
pub(super) struct Arena {
    /// By the power of two that is their size.
    free: [Option<NonNull<Free>>; usize::BITS as usize],
    /// The part of the last region that was never used.
    next: *mut u8,
    left: usize,
}

struct Free {
    next: Option<NonNull<Free>>,
}

// SAFETY: it owns the blocks that it knows, and they may be used from any thread.
unsafe impl Send for Arena {}

impl Arena {
    /// A block of zeros, with room for `bytes` bytes.
    fn take(&mut self, bytes: usize) -> NonNull<u8> {
        let size = size_for(bytes);
        let free = &mut self.free[size.ilog2() as usize];
        if let Some(block) = *free {
            // SAFETY: a free block has the next one's address in it, and is given to nobody else from here on.
            unsafe {
                *free = block.read().next;
                block.write(Free { next: None });
            }
            return block.cast();
        }
        if self.left < size {
            self.leave_the_rest();
            (self.next, self.left) = region(size.max(REGION));
        }
        let block = self.next;
        // SAFETY: the region goes on for as many bytes.
        self.next = unsafe { block.add(size) };
        self.left -= size;
        NonNull::new(block).unwrap_or_else(|| no_memory(size))
    }

    /// Takes a block back that was taken for `bytes` bytes.
    ///
    /// # Safety
    /// Nobody uses it any more.
    unsafe fn give_back(&mut self, block: NonNull<u8>, bytes: usize) {
        // SAFETY: it has as many bytes, and is ours again.
        unsafe {
            libc::explicit_bzero(block.as_ptr().cast(), bytes);
            self.add(block, size_for(bytes));
        }
    }

    /// Makes blocks of what is left of a region.
    fn leave_the_rest(&mut self) {
        while self.left > 0 {
            let size = 1 << self.left.ilog2();
            // SAFETY: the region goes on for at least as many bytes, which nobody has, and all sizes are multiples of the smallest.
            unsafe {
                if let Some(block) = NonNull::new(self.next) {
                    self.add(block, size);
                }
                self.next = self.next.add(size);
            }
            self.left -= size;
        }
    }

    /// # Safety
    /// `block` has `size` bytes of zeros, which are the arena's.
    unsafe fn add(&mut self, block: NonNull<u8>, size: usize) {
        let free = &mut self.free[size.ilog2() as usize];
        let block = block.cast::<Free>();
        // SAFETY: as the caller promised; a block is large enough, and begins at a multiple of more than a pointer's size.
        unsafe { block.write(Free { next: *free }) };
        *free = Some(block);
    }
}

fn size_for(bytes: usize) -> usize {
    bytes.max(SMALLEST).next_power_of_two()
}

/// Memory of the system's, all zero. Where it cannot be kept out of core dumps, it does all the same.
fn region(bytes: usize) -> (*mut u8, usize) {
    // SAFETY: new memory, which nobody else has.
    let region = unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    if region == libc::MAP_FAILED {
        no_memory(bytes);
    }
    keep_out_of_dumps(region, bytes);
    (region.cast(), bytes)
}

fn keep_out_of_dumps(region: *mut c_void, bytes: usize) {
    // SAFETY: it changes nothing about the memory but whether a core dump has it.
    unsafe { libc::madvise(region, bytes, libc::MADV_DONTDUMP) };
}

fn no_memory(bytes: usize) -> ! {
    handle_alloc_error(Layout::array::<u8>(bytes).unwrap_or(Layout::new::<u8>()))
}

/// A block that is in use; wiped when dropped.
pub(super) struct Place {
    at: NonNull<u8>,
    bytes: usize,
}

// SAFETY: it owns its block, as a `Box` would.
unsafe impl Send for Place {}
// SAFETY: as above; whoever shares it decides how its bytes may be used.
unsafe impl Sync for Place {}

impl Place {
    /// `bytes` zeros.
    pub fn new(bytes: usize) -> Self {
        Self { at: arena().take(bytes), bytes }
    }

    /// Where they are, for as long as this value lives.
    pub fn at(&self) -> *mut u8 {
        self.at.as_ptr()
    }

    /// How many there are.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: its owner has let go of it.
        unsafe { arena().give_back(self.at, self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn arena_of_its_own() -> Arena {
        Arena { free: [None; usize::BITS as usize], next: ptr::null_mut(), left: 0 }
    }

    fn bytes(block: NonNull<u8>, bytes: usize) -> Vec<u8> {
        // SAFETY: the tests ask for as many.
        unsafe { core::slice::from_raw_parts(block.as_ptr(), bytes).to_vec() }
    }

    #[test]
    fn a_freed_block_is_wiped_at_once_and_all_zero_when_it_is_taken_again() {
        let mut arena = arena_of_its_own();
        for size in [64, 1000, 200_000] {
            let block = arena.take(size);
            // SAFETY: it has `size` bytes; after it is given back its memory is still there.
            unsafe {
                block.write_bytes(7, size);
                arena.give_back(block, size);
            }
            assert!(bytes(block, size)[size_of::<Free>()..].iter().all(|byte| *byte == 0), "only the next one's address is in it");
            assert_eq!(arena.take(size), block);
            assert!(bytes(block, size).iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn no_byte_belongs_to_two_blocks_and_no_part_of_a_region_is_lost() {
        let mut arena = arena_of_its_own();
        let mut taken = HashSet::new();
        let mut take = |arena: &mut Arena, size: usize| {
            let block = arena.take(size).as_ptr() as usize;
            assert_eq!(block % SMALLEST, 0);
            for part in (block..block + size_for(size)).step_by(SMALLEST) {
                assert!(taken.insert(part), "{size}");
            }
        };
        for size in [1, 64, 100, 5000, REGION, 3, 300, 40_000, 30_000, 20_000] {
            take(&mut arena, size);
        }
        let of_all: usize = arena.left + (0..).zip(&arena.free).map(|(power, first)| count(*first) << power).sum::<usize>();
        assert_eq!((of_all + taken.len() * SMALLEST) % REGION, 0);
    }

    fn count(mut block: Option<NonNull<Free>>) -> usize {
        let mut count = 0;
        while let Some(free) = block {
            count += 1;
            // SAFETY: a free block of a test's own arena.
            block = unsafe { free.read() }.next;
        }
        count
    }

    #[test]
    fn the_system_is_told_to_leave_the_memory_out_of_core_dumps() {
        let place = Place::new(100);
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("this process's memory");
        let mut flags = None;
        for line in maps.lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            match range.map(|(start, end)| [start, end].map(|end| usize::from_str_radix(end, 16))) {
                Some([Ok(start), Ok(end)]) => flags = (start..end).contains(&(place.at() as usize)).then(String::new),
                _ if flags.is_some() && line.starts_with("VmFlags:") => flags = Some(line.to_owned()),
                _ => {}
            }
            if flags.as_deref().is_some_and(|flags| !flags.is_empty()) {
                break;
            }
        }
        assert!(flags.unwrap_or_default().split(' ').any(|flag| flag == "dd"), "VmFlags of the memory");
    }
}
