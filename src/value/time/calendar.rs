//! Days since 1970 and dates of the proleptic Gregorian calendar.

/// Days since 1970-01-01. A month or day out of range rolls over, as in a lenient Java calendar: month 0 is December of
/// the previous year, day 0 the day before the 1st.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that start in March end with the leap day, and five months from March on have 153 days. 719468 days lie
    // between 0000-03-01 and 1970-01-01.
    let months = year.saturating_mul(12).saturating_add(month).saturating_sub(3);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    year.saturating_mul(365)
        .saturating_add(year.div_euclid(4))
        .saturating_sub(year.div_euclid(100))
        .saturating_add(year.div_euclid(400))
        .saturating_add(month.saturating_mul(153).saturating_add(2) / 5)
        .saturating_add(day)
        .saturating_sub(719_469)
}

/// Year, month and day of a day in the years 1 to 9999.
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // Searches for the last month that starts on or before the day, counted from January of year 1.
    let (mut low, mut high) = (0_i64, 12_i64 * 9999);
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if days_from_civil(1, middle.saturating_add(1), 1) <= days {
            low = middle;
        } else {
            high = middle;
        }
    }
    let first = days_from_civil(1, low.saturating_add(1), 1);
    ((low / 12).saturating_add(1), (low % 12).saturating_add(1), days.saturating_sub(first).saturating_add(1))
}
