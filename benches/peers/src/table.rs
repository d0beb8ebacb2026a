//! Engines down, workloads across.

use crate::WORKLOADS;

/// Name and version, as the lock file has it.
pub fn named(package: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    let version =
        lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"')).map_or("?", |(version, _)| version);
    format!("{package} {version}")
}

pub struct Table {
    rows: Vec<(String, [Option<f64>; WORKLOADS.len()])>,
}

impl Table {
    pub fn new(engines: impl Iterator<Item = String>) -> Self {
        Table { rows: engines.map(|name| (name, Default::default())).collect() }
    }

    pub fn add(&mut self, name: String) -> usize {
        self.rows.push((name, Default::default()));
        self.rows.len() - 1
    }

    pub fn set(&mut self, row: usize, column: usize, nanoseconds: f64) {
        self.rows[row].1[column] = Some(nanoseconds);
    }

    pub fn print(&self) {
        self.section("ns per decision", |_, _, ns| grouped(ns));
        let ours = |row: &str| {
            let name = if row.starts_with("hidane") { "firewarden, Firestore rules" } else { "firewarden" };
            self.rows.iter().find(|(known, _)| known == name)
        };
        println!();
        self.section("times firewarden's (of hidane-rules: with Firestore rules)", |row, column, ns| {
            let of = ours(row).and_then(|(_, figures)| figures[column]);
            of.map_or("-".to_owned(), |ours| match ns / ours {
                factor if factor < 10.0 => format!("{factor:.2}x"),
                factor => format!("{}x", grouped(factor)),
            })
        });
    }

    fn section(&self, title: &str, cell: impl Fn(&str, usize, f64) -> String) {
        println!("{title}");
        print!("{:<30}", "");
        WORKLOADS.iter().for_each(|name| print!("{name:>12}"));
        println!();
        for (name, figures) in &self.rows {
            print!("{name:<30}");
            for (column, figure) in figures.iter().enumerate() {
                print!("{:>12}", figure.map_or("-".to_owned(), |ns| cell(name, column, ns)));
            }
            println!();
        }
    }
}

/// `1,234,567`
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
