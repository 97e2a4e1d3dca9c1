//! Handles: numbers that stand for what a C program has of tokenshim's. A number that is none, is freed, or is of another kind
//! is told from one that is good, which an address could not be.

use super::status::{Problem, Status};
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A number that stands for something of tokenshim's, until it is freed. 0 stands for nothing, and no number is ever used again.
///
/// A handle may be used from any thread, from several at once. A child of fork has its parent's handles, as they were then: each of the
/// two processes frees its own.
pub type Handle = u64;

/// What a handle stands for. Clones are short-lived: a call that runs keeps what it uses, also where another thread frees the handle.
pub type Object = Arc<dyn Any + Send + Sync>;

/// The upper half of a handle is its slot's generation, which begins with 1; the lower half is the slot.
const GENERATION: u32 = 32;

struct Slot {
    generation: u32,
    object: Option<Object>,
}

struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// Its lock is held for a look or an entry only; nothing is dropped under it.
static TABLE: Mutex<Table> = Mutex::new(Table { slots: Vec::new(), free: Vec::new() });

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets no other thread at the table until the result is dropped.
pub fn hold() -> Box<dyn Any> {
    Box::new(table())
}

/// A handle for `object`.
pub fn add<T: Send + Sync + 'static>(object: Arc<T>) -> Handle {
    let mut table = table();
    let place = table.free.pop().unwrap_or_else(|| {
        table.slots.push(Slot { generation: 1, object: None });
        (table.slots.len() - 1) as u32
    });
    let slot = &mut table.slots[place as usize];
    slot.object = Some(object);
    u64::from(slot.generation) << GENERATION | u64::from(place)
}

/// What `handle` stands for.
///
/// # Errors
/// It stands for nothing.
pub fn object(handle: Handle) -> Result<Object, Problem> {
    let table = table();
    table.find(handle).and_then(|slot| slot.object.clone()).ok_or_else(stands_for_nothing)
}

/// As [`object`], where that is a `T`.
///
/// # Errors
/// It stands for nothing, or for something else.
pub fn get<T: Send + Sync + 'static>(handle: Handle) -> Result<Arc<T>, Problem> {
    object(handle)?
        .downcast::<T>()
        .map_err(|_| Problem::new(Status::InvalidHandle, "HY000", "the handle is of another kind than this function wants."))
}

/// From now on `handle` stands for nothing. Returns what it stood for, for the caller to drop.
///
/// # Errors
/// It stands for nothing already.
pub fn remove(handle: Handle) -> Result<Object, Problem> {
    let mut table = table();
    let object = table.find_mut(handle).and_then(|slot| slot.object.take()).ok_or_else(stands_for_nothing)?;
    let place = handle as u32;
    let slot = &mut table.slots[place as usize];
    // A slot whose numbers are used up is never used again.
    if let Some(next) = slot.generation.checked_add(1) {
        slot.generation = next;
        table.free.push(place);
    }
    Ok(object)
}

fn stands_for_nothing() -> Problem {
    Problem::new(Status::InvalidHandle, "HY000", "the handle stands for nothing: it is 0, was freed, or never was one.")
}

impl Table {
    fn find(&self, handle: Handle) -> Option<&Slot> {
        self.slots.get(handle as u32 as usize).filter(|slot| u64::from(slot.generation) == handle >> GENERATION)
    }

    fn find_mut(&mut self, handle: Handle) -> Option<&mut Slot> {
        self.slots.get_mut(handle as u32 as usize).filter(|slot| u64::from(slot.generation) == handle >> GENERATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_handle_stands_for_its_object_until_it_is_freed_and_for_nothing_afterwards() {
        let handle = add(Arc::new(7_u8));
        assert_eq!(*get::<u8>(handle).expect("a number"), 7);
        assert_eq!(get::<u16>(handle).expect_err("another kind").status, Status::InvalidHandle);
        drop(remove(handle).expect("a number"));
        assert!(get::<u8>(handle).is_err() && remove(handle).is_err());
        let next = add(Arc::new(8_u8));
        assert!(next != handle && get::<u8>(handle).is_err(), "no number is used again");
        for other in [0, 1, u64::MAX, next ^ 1 << 63, u64::from(u32::MAX), next + (1 << GENERATION)] {
            assert!(object(other).is_err() && remove(other).is_err(), "{other:x}");
        }
        drop(remove(next).expect("a number"));
    }

    #[test]
    fn of_many_threads_that_free_one_handle_one_does() {
        let handle = add(Arc::new(String::from("x")));
        let freed = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| (get::<String>(handle).is_ok(), remove(handle).is_ok()).1)).collect();
            all.into_iter().map(|thread| thread.join().expect("no panic")).filter(|freed| *freed).count()
        });
        assert_eq!(freed, 1);
    }

    #[test]
    fn a_slot_whose_numbers_are_used_up_is_left_alone() {
        let handle = add(Arc::new(1_i8));
        let place = handle as u32;
        table().slots[place as usize].generation = u32::MAX;
        let last = u64::from(u32::MAX) << GENERATION | u64::from(place);
        drop(remove(last).expect("a number"));
        assert!(!table().free.contains(&place) && remove(last).is_err());
    }
}
