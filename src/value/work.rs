//! Steps of what a client's values could make long: comparisons, units looked at. Counted in builds for tests only, where
//! they show what no clock shows reliably, how the work grows with the values.

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

/// How many steps something takes.
#[cfg(test)]
pub fn counted(run: impl FnOnce()) -> u64 {
    let before = STEPS.with(std::cell::Cell::get);
    run();
    STEPS.with(std::cell::Cell::get) - before
}
