//! Timestamps and durations (runtime specification, sections 11 and 12).

use bumpalo::Bump;

use crate::value::{Duration, Timestamp, Type, ValueRef};

use super::{Builtin, Failure, message, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::Timestamp) => {
        /// The year, in UTC.
        year() -> Int, "timestamp.date(2024, 2, 29).year() == 2024", Open, |_, a| int(time(a, 0)?.year());
        /// The month, from 1.
        month() -> Int, "timestamp.date(2024, 2, 29).month() == 2", Open, |_, a| int(time(a, 0)?.month());
        /// The day of the month, from 1.
        day() -> Int, "timestamp.date(2024, 2, 29).day() == 29", Open, |_, a| int(time(a, 0)?.day());
        /// The hour, 0 to 23.
        hours() -> Int, "timestamp.value(3600000).hours() == 1", Open, |_, a| int(time(a, 0)?.hours());
        /// The minute.
        minutes() -> Int, "timestamp.value(60000).minutes() == 1", Open, |_, a| int(time(a, 0)?.minutes());
        /// The second.
        seconds() -> Int, "timestamp.value(1000).seconds() == 1", Open, |_, a| int(time(a, 0)?.seconds());
        /// The fraction of the second in nanoseconds.
        nanos() -> Int, "timestamp.value(1).nanos() == 1000000", Open, |_, a| int(time(a, 0)?.nanos());
        /// Monday is 1, Sunday 7.
        dayOfWeek() -> Int, "timestamp.date(2023, 1, 1).dayOfWeek() == 7", Open, |_, a| int(time(a, 0)?.day_of_week());
        /// The day of the year, from 1.
        dayOfYear() -> Int, "timestamp.date(2024, 2, 1).dayOfYear() == 32", Open, |_, a| int(time(a, 0)?.day_of_year());
        /// Milliseconds since 1970, rounded down.
        toMillis() -> Int, "timestamp.value(5).toMillis() == 5", Open, |_, a| int(time(a, 0)?.to_millis());
        /// Midnight of the same day.
        date() -> Timestamp, "timestamp.value(5).date() == timestamp.date(1970, 1, 1)", Open,
            |_, a| Ok(ValueRef::Timestamp(time(a, 0)?.date()));
        /// The time since midnight.
        time() -> Duration, "timestamp.value(5).time() == duration.value(5, 'ms')", Open,
            |_, a| Ok(ValueRef::Duration(time(a, 0)?.time()));
    }
    Builtin::method(Type::Duration) => {
        /// Whole seconds; negative for a negative duration.
        seconds() -> Int, "duration.value(1500, 'ms').seconds() == 1", Open, |_, a| int(span(a, 0)?.seconds());
        /// The fraction of the second in nanoseconds.
        nanos() -> Int, "duration.value(1500, 'ms').nanos() == 500000000", Open, |_, a| int(span(a, 0)?.nanos());
    }
    Builtin::package("duration") => {
        /// A duration of so many w, d, h, m, s, ms or ns.
        value(Int, String) -> Duration, "duration.value(1, 'm') == duration.value(60, 's')", Open, duration_value;
        /// A duration of hours, minutes, seconds and nanoseconds.
        time(Int, Int, Int, Int) -> Duration, "duration.time(0, 1, 0, 0) == duration.value(60, 's')", Open, duration_time;
        /// The duration without its sign.
        abs(Duration) -> Duration, "duration.abs(duration.value(-1, 's')) == duration.value(1, 's')", Open,
            |_, a| Ok(ValueRef::Duration(span(a, 0)?.abs()));
    }
    Builtin::package("timestamp") => {
        /// Midnight of a day, in UTC.
        date(Int, Int, Int) -> Timestamp, "timestamp.date(1970, 1, 2).toMillis() == 86400000", Open, timestamp_date;
        /// The moment of milliseconds since 1970, or of an RFC 3339 text.
        value(Int) -> Timestamp | (String) -> Timestamp,
            "timestamp.value('1970-01-01T00:00:01Z') == timestamp.value(1000)", Open, timestamp_value;
    }
};

fn int<'a>(n: i64) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(n))
}

argument!(time: Timestamp(Timestamp));
argument!(span: Duration(Duration));

fn duration_value<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    match args {
        [ValueRef::Int(amount), ValueRef::String(unit)] => {
            Duration::value(*amount, &unit.to_string()).map(ValueRef::Duration).map_err(|e| message(bump, e))
        }
        _ => Err(mismatch()),
    }
}

fn duration_time<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    match args {
        [ValueRef::Int(h), ValueRef::Int(m), ValueRef::Int(s), ValueRef::Int(n)] => {
            Duration::time(*h, *m, *s, *n).map(ValueRef::Duration).map_err(|e| message(bump, e))
        }
        _ => Err(mismatch()),
    }
}

fn timestamp_date<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    match args {
        [ValueRef::Int(year), ValueRef::Int(month), ValueRef::Int(day)] => {
            Timestamp::date_of(*year, *month, *day).map(ValueRef::Timestamp).map_err(|e| message(bump, e))
        }
        _ => Err(mismatch()),
    }
}

fn timestamp_value<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let time = match args {
        [ValueRef::Int(millis)] => Timestamp::from_millis(*millis),
        [ValueRef::String(text)] => Timestamp::parse_rfc3339_lenient(&text.to_string()),
        _ => return Err(mismatch()),
    };
    time.map(ValueRef::Timestamp).map_err(|e| message(bump, e))
}
