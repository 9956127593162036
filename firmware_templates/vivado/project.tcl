# Synthesis of one module out of context; place and route if asked for. Reports are left in results/TOP/.
#   vivado -mode batch -source project.tcl -tclargs TOP ?synth|route? ?JOBS?

set here [file dirname [file normalize [info script]]]
if {[llength $argv] < 1 || [llength $argv] > 3} {
    error "usage: vivado -mode batch -source project.tcl -tclargs TOP ?synth|route? ?JOBS?"
}
lassign $argv top goal jobs
if {$goal eq ""} {set goal synth}
if {$jobs eq ""} {set jobs 4}
if {$goal ni {synth route}} {error "the goal is $goal; it can be synth or route"}
set settings [file join $here settings $top.tcl]
if {![file exists $settings]} {
    set known [lsort [lmap file [glob [file join $here settings *.tcl]] {file rootname [file tail $file]}]]
    error "there is no module $top in this folder; it has [join $known {, }]"
}
source $settings
set results [file join $here results $top]
set constraints [file join $here constraints $top.xdc]
file mkdir $results

# Run one of the project's runs to its end.
proc finish {run jobs args} {
    launch_runs $run -jobs $jobs {*}$args
    wait_on_run $run
    if {[get_property PROGRESS [get_runs $run]] ne "100%"} {
        error "$run: [get_property STATUS [get_runs $run]]; its log is [get_property DIRECTORY [get_runs $run]]/runme.log"
    }
}

# Cells and slacks of the open design. Only files that end in .rpt are read by l1ml.
proc report {results state} {
    report_utilization -file [file join $results ${state}_utilization.rpt]
    report_utilization -hierarchical -file [file join $results ${state}_hierarchy.txt]
    report_timing_summary -delay_type min_max -max_paths 10 -file [file join $results ${state}_timing.rpt]
}

create_project -force $top [file join $here work $top] -part $part
add_files -norecurse -fileset sources_1 [lmap file $files {file join $here .. $file}]
add_files -norecurse -fileset constrs_1 $constraints
set_property USED_IN {out_of_context synthesis implementation} [get_files $constraints]
set_property top $top [get_filesets sources_1]
update_compile_order -fileset sources_1
set_property -name {STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS} -value {-mode out_of_context} -objects [get_runs synth_1]

finish synth_1 $jobs
open_run synth_1 -name synth_1
report $results synthesized
write_checkpoint -force [file join $results synthesized.dcp]
if {$goal eq "route"} {
    close_design
    finish impl_1 $jobs -to_step route_design
    open_run impl_1
    report $results routed
    write_checkpoint -force [file join $results routed.dcp]
}
close_project
puts "$top: reports are in $results"
