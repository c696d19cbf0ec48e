//! Memory of CPU tensors and working space, used again instead of given back.
//!
//! A step makes the same buffers over and over. Asking the system for them anew costs a page fault
//! every 4 KiB and filling them with zeros once more; together about a sixth of a step.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use cubecl::bytes::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};

/// Unused memory that is kept, in numbers: 1 GiB.
const KEPT: usize = 1 << 28;

/// Buffers that nobody uses at present, by their size.
#[derive(Default)]
struct Pool {
    free: BTreeMap<usize, Vec<Box<[f32]>>>,
    kept: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: BTreeMap::new(),
    kept: 0,
});

/// `len` numbers of any value. Goes back to the pool when dropped.
pub(in crate::ops) struct Buffer {
    /// Longer than `len`, so that buffers of similar size can stand in for each other.
    numbers: Box<[f32]>,
    len: usize,
}

/// Sizes are rounded up to eighths of a power of two.
fn rounded(len: usize) -> usize {
    let step = (len.max(64).next_power_of_two() / 16).max(16);
    len.max(1).next_multiple_of(step)
}

impl Buffer {
    /// A buffer whose numbers are whatever was there before.
    pub fn new(len: usize) -> Self {
        let size = rounded(len);
        let used = POOL.lock().ok().and_then(|mut pool| {
            let found = pool.free.get_mut(&size)?.pop()?;
            pool.kept -= size;
            Some(found)
        });
        Self {
            numbers: used.unwrap_or_else(|| vec![0.0; size].into_boxed_slice()),
            len,
        }
    }

    /// A buffer of zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::new(len);
        buffer.fill(0.0);
        buffer
    }

    /// As the memory of a tensor.
    pub fn into_bytes(self) -> Bytes {
        let len = self.len * size_of::<f32>();
        // SAFETY: all numbers are initialised.
        unsafe { Bytes::from_controller(Box::new(self), len) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        if let Ok(mut pool) = POOL.lock()
            && pool.kept + numbers.len() <= KEPT
        {
            pool.kept += numbers.len();
            pool.free.entry(numbers.len()).or_default().push(numbers);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.numbers[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.len]
    }
}

impl AllocationController for Buffer {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(self);
        let len = bytes.len();
        // SAFETY: the caller promises to write initialised bytes only.
        Ok(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), len) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(self);
        // SAFETY: initialised bytes may be looked at as bytes that need not be.
        Ok(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again() {
        // A size that no other test asks for.
        let len = 7_654_321;
        let first = Buffer::new(len);
        let place = first.as_ptr();
        drop(first);
        let again = Buffer::new(len - 1000);
        assert_eq!((again.as_ptr(), again.len()), (place, len - 1000));
        assert!(Buffer::zeros(len).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn a_tensor_gives_its_memory_back() {
        let len = 6_543_210;
        let mut buffer = Buffer::new(len);
        buffer.fill(2.0);
        let place = buffer.as_ptr();
        let bytes = buffer.into_bytes();
        assert_eq!(bytes.len(), 4 * len);
        assert_eq!(bytemuck::cast_slice::<u8, f32>(&bytes)[len - 1], 2.0);
        let copy = bytes.clone();
        drop(bytes);
        assert_eq!(Buffer::new(len).as_ptr(), place);
        assert_eq!(bytemuck::cast_slice::<u8, f32>(&copy)[0], 2.0);
    }

    #[test]
    fn rounding_wastes_an_eighth_at_most() {
        for len in [1, 63, 64, 1000, 4097, 1 << 20, (1 << 20) + 1, 12_345_678] {
            let size = rounded(len);
            assert!(
                size >= len && size <= (len + len / 8).max(64),
                "{len} {size}"
            );
        }
    }
}
