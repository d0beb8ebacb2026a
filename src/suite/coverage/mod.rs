//! What tests have evaluated of a rules file, for people and for programs.
