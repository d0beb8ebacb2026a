//! Timestamps and durations (runtime specification, sections 11 and 12).

use bumpalo::Bump;

use crate::value::{Duration, Timestamp, Type, ValueRef};

use super::{Builtin, BuiltinFn, Failure, Overload, message, mismatch};

const TO_INT: &[Overload] = &[Overload { params: &[], result: Type::Int }];

const fn field(name: &'static str, run: BuiltinFn, doc: &'static str, example: &'static str) -> Builtin {
    Builtin::method(Type::Timestamp, name, TO_INT, run, doc, example)
}

pub(super) const TABLE: &[Builtin] = &[
    field("year", |_, a| int(time(a)?.year()), "The year, in UTC.", "timestamp.date(2024, 2, 29).year() == 2024"),
    field("month", |_, a| int(time(a)?.month()), "The month, from 1.", "timestamp.date(2024, 2, 29).month() == 2"),
    field(
        "day",
        |_, a| int(time(a)?.day()),
        "The day of the month, from 1.",
        "timestamp.date(2024, 2, 29).day() == 29",
    ),
    field("hours", |_, a| int(time(a)?.hours()), "The hour, 0 to 23.", "timestamp.value(3600000).hours() == 1"),
    field("minutes", |_, a| int(time(a)?.minutes()), "The minute.", "timestamp.value(60000).minutes() == 1"),
    field("seconds", |_, a| int(time(a)?.seconds()), "The second.", "timestamp.value(1000).seconds() == 1"),
    field(
        "nanos",
        |_, a| int(time(a)?.nanos()),
        "The fraction of the second in nanoseconds.",
        "timestamp.value(1).nanos() == 1000000",
    ),
    field(
        "dayOfWeek",
        |_, a| int(time(a)?.day_of_week()),
        "Monday is 1, Sunday 7.",
        "timestamp.date(2023, 1, 1).dayOfWeek() == 7",
    ),
    field(
        "dayOfYear",
        |_, a| int(time(a)?.day_of_year()),
        "The day of the year, from 1.",
        "timestamp.date(2024, 2, 1).dayOfYear() == 32",
    ),
    field(
        "toMillis",
        |_, a| int(time(a)?.to_millis()),
        "Milliseconds since 1970, rounded down.",
        "timestamp.value(5).toMillis() == 5",
    ),
    Builtin::method(
        Type::Timestamp,
        "date",
        &[Overload { params: &[], result: Type::Timestamp }],
        |_, a| Ok(ValueRef::Timestamp(time(a)?.date())),
        "Midnight of the same day.",
        "timestamp.value(5).date() == timestamp.date(1970, 1, 1)",
    ),
    Builtin::method(
        Type::Timestamp,
        "time",
        &[Overload { params: &[], result: Type::Duration }],
        |_, a| Ok(ValueRef::Duration(time(a)?.time())),
        "The time since midnight.",
        "timestamp.value(5).time() == duration.value(5, 'ms')",
    ),
    Builtin::method(
        Type::Duration,
        "seconds",
        TO_INT,
        |_, a| int(span(a)?.seconds()),
        "Whole seconds; negative for a negative duration.",
        "duration.value(1500, 'ms').seconds() == 1",
    ),
    Builtin::method(
        Type::Duration,
        "nanos",
        TO_INT,
        |_, a| int(span(a)?.nanos()),
        "The fraction of the second in nanoseconds.",
        "duration.value(1500, 'ms').nanos() == 500000000",
    ),
    Builtin::in_package(
        "duration",
        "value",
        &[Overload { params: &[Type::Int, Type::String], result: Type::Duration }],
        duration_value,
        "A duration of so many w, d, h, m, s, ms or ns.",
        "duration.value(1, 'm') == duration.value(60, 's')",
    ),
    Builtin::in_package(
        "duration",
        "time",
        &[Overload { params: &[Type::Int, Type::Int, Type::Int, Type::Int], result: Type::Duration }],
        duration_time,
        "A duration of hours, minutes, seconds and nanoseconds.",
        "duration.time(0, 1, 0, 0) == duration.value(60, 's')",
    ),
    Builtin::in_package(
        "duration",
        "abs",
        &[Overload { params: &[Type::Duration], result: Type::Duration }],
        |_, a| Ok(ValueRef::Duration(span(a)?.abs())),
        "The duration without its sign.",
        "duration.abs(duration.value(-1, 's')) == duration.value(1, 's')",
    ),
    Builtin::in_package(
        "timestamp",
        "date",
        &[Overload { params: &[Type::Int, Type::Int, Type::Int], result: Type::Timestamp }],
        timestamp_date,
        "Midnight of a day, in UTC.",
        "timestamp.date(1970, 1, 2).toMillis() == 86400000",
    ),
    Builtin::in_package(
        "timestamp",
        "value",
        &[
            Overload { params: &[Type::Int], result: Type::Timestamp },
            Overload { params: &[Type::String], result: Type::Timestamp },
        ],
        timestamp_value,
        "The moment of milliseconds since 1970, or of an RFC 3339 text.",
        "timestamp.value('1970-01-01T00:00:01Z') == timestamp.value(1000)",
    ),
];

fn int<'a>(n: i64) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(n))
}

fn time<'a>(args: &[ValueRef<'a>]) -> Result<Timestamp, Failure<'a>> {
    match args.first() {
        Some(ValueRef::Timestamp(time)) => Ok(*time),
        _ => Err(mismatch()),
    }
}

fn span<'a>(args: &[ValueRef<'a>]) -> Result<Duration, Failure<'a>> {
    match args.first() {
        Some(ValueRef::Duration(span)) => Ok(*span),
        _ => Err(mismatch()),
    }
}

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
