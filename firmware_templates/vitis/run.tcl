# C simulation, C synthesis and cosimulation of the HLS C++ in hls/, with the settings of settings.tcl beside this file.
#   vitis-run --mode hls --tcl run.tcl      Vitis 2024.2 and later
#   vitis_hls -f run.tcl                    before that
# The project is made in project/ below the folder in which the tool runs.

set here [file dirname [file normalize [info script]]]
source [file join $here settings.tcl]
set sources [file join $here hls]
set data [file join $sources tb_data]
set results [list [file join $data csim_results.log] [file join $data rtl_cosim_results.log]]
file delete {*}$results

# The text of a file that the test bench must have left.
proc text_of {name} {
    if {![file exists $name]} {error "$name is missing: the test bench has not come to its end"}
    set channel [open $name r]
    set text [read $channel]
    close $channel
    return $text
}

open_project -reset project
set_top $top
add_files [file join $sources firmware $top.cpp] -cflags "-std=c++14"
add_files -tb [file join $sources ${top}_test.cpp] -cflags "-std=c++14"
add_files -tb [file join $sources firmware weights]
add_files -tb $data
open_solution -reset solution1 -flow_target vivado
set_part $part
create_clock -period $clock_period -name default
set_clock_uncertainty $clock_uncertainty default
config_compile -name_max_length 80
config_schedule -enable_dsp_full_reg=false

if {"csim" in $steps} {csim_design}
if {"csynth" in $steps} {csynth_design}
if {"cosim" in $steps} {
    # Compiled for cosimulation, the test bench writes its results to another file.
    add_files -tb [file join $sources ${top}_test.cpp] -cflags "-std=c++14 -DRTL_SIM"
    cosim_design -rtl verilog
    if {"csim" in $steps} {
        lassign [lmap name $results {text_of $name}] cpp rtl
        if {$cpp ne $rtl} {error "the RTL of HLS differs from its C++: compare [join $results { and }]"}
    }
}
if {"export" in $steps} {export_design -format ip_catalog -version $version}
exit
