//! Which part of a step is going on, for whoever wants to time it.
//!
//! Training itself has no listener, and then a border between two phases costs nothing. A listener
//! that measures has to wait for the device at every border, because tensors are computed later
//! than they are asked for.

use std::cell::RefCell;

/// A part of a training step. Forward and backward alternate, stream after stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Waiting for the loader's next batch.
    Load,
    /// Sending frames to the device and rendering the views.
    Augment,
    /// Encoding, decoding and the losses.
    Forward,
    /// Gradients.
    Backward,
    /// Reading the losses, the gradient's norm, Adam.
    Optimiser,
    /// A picture of what the codes hold; not part of every step.
    Snapshot,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Load,
        Self::Augment,
        Self::Forward,
        Self::Backward,
        Self::Optimiser,
        Self::Snapshot,
    ];

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Augment => "augment",
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Optimiser => "optimiser",
            Self::Snapshot => "snapshot",
        }
    }
}

type Listener = Box<dyn FnMut(Phase)>;

thread_local! {
    // One thread owns every tensor, so one thread has all borders.
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Ends the phase that went on and begins the next one.
pub(crate) fn begin(phase: Phase) {
    LISTENER.with_borrow_mut(|listener| {
        if let Some(listener) = listener {
            listener(phase);
        }
    });
}

/// Calls `listener` at every border in `work`, which must be done by this thread.
pub fn listen<T>(listener: impl FnMut(Phase) + 'static, work: impl FnOnce() -> T) -> T {
    struct Guard(Option<Listener>);
    impl Drop for Guard {
        fn drop(&mut self) {
            LISTENER.replace(self.0.take());
        }
    }
    let _guard = Guard(LISTENER.replace(Some(Box::new(listener))));
    work()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn only_what_happens_inside_is_heard() {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let ear = heard.clone();
        begin(Phase::Load);
        listen(
            move |phase| ear.borrow_mut().push(phase),
            || {
                begin(Phase::Forward);
                begin(Phase::Backward);
            },
        );
        begin(Phase::Optimiser);
        assert_eq!(*heard.borrow(), [Phase::Forward, Phase::Backward]);
    }
}
