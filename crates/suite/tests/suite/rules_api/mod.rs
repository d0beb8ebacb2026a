//! The official formats: test requests of the Rules API, and coverage as the Firestore emulator reports it.

mod coverage;
mod requests;
