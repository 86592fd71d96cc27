"""What people do in this room: register classes and trainees, complete enrolments, file claims."""
