//! Counts the steps of operations whose duration depends on a client's values: comparisons and visited code units. Only
//! test builds count; unlike a clock, the counts show reliably how the work grows with the values.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts some steps.
#[inline(always)]
pub fn steps(_count: usize) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + _count as u64));
}

/// Number of steps that `run` takes.
#[cfg(test)]
pub fn counted(run: impl FnOnce()) -> u64 {
    let before = STEPS.with(std::cell::Cell::get);
    run();
    STEPS.with(std::cell::Cell::get) - before
}
